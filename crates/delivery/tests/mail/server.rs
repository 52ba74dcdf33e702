//! A mail server as far as these tests need one.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// What it says to a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Yes,
    Later,
    Never,
}

pub struct MailServer {
    pub port: u16,
    state: Arc<Mutex<(Answer, Vec<String>)>>,
    _tasks: JoinSet<()>,
}

impl MailServer {
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new((Answer::Yes, Vec::new())));
        let shared = state.clone();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, shared.clone()));
            }
        });
        Self { port, state, _tasks: tasks }
    }

    pub fn answer(&self, answer: Answer) {
        self.state.lock().unwrap().0 = answer;
    }

    pub fn received(&self) -> Vec<String> {
        self.state.lock().unwrap().1.clone()
    }
}

async fn serve(stream: TcpStream, state: Arc<Mutex<(Answer, Vec<String>)>>) {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    let mut say = async |text: &str| write.write_all(text.as_bytes()).await.is_ok();
    if !say("220 test\r\n").await {
        return;
    }
    while let Ok(Some(line)) = lines.next_line().await {
        let verb = line.split(' ').next().unwrap_or("").to_ascii_uppercase();
        let answer = state.lock().unwrap().0;
        let reply = match (verb.as_str(), answer) {
            ("EHLO", _) => "250-test\r\n250 AUTH PLAIN\r\n",
            ("AUTH", _) => "235 yes\r\n",
            ("RCPT", Answer::Later) => "451 later\r\n",
            ("RCPT", Answer::Never) => "550 never\r\n",
            ("DATA", _) => "354 go on\r\n",
            ("QUIT", _) => "221 bye\r\n",
            _ => "250 ok\r\n",
        };
        if !say(reply).await {
            return;
        }
        if verb == "DATA" {
            let mut mail = Vec::new();
            while let Ok(Some(line)) = lines.next_line().await {
                if line == "." {
                    break;
                }
                mail.push(line);
            }
            state.lock().unwrap().1.push(mail.join("\n"));
            if !say("250 taken\r\n").await {
                return;
            }
        }
    }
}
