//! Lanes and endpoints without a network.

use koppeltaal_store::outbox::{Subscriber, Trigger};

use super::*;

const TOOK: Duration = Duration::from_secs(10);

fn queues(coalesce: bool) -> Queues {
    Queues::new(Bounds { per_endpoint: 2, coalesce })
}

fn waiting(lane: i64, url: &str) -> WaitingLane {
    WaitingLane { domain: 1, lane, due: Timestamp(0), endpoint: Some(url.to_owned()) }
}

fn leased(lane: i64, url: &str, ids: &[i64]) -> LeasedLane {
    let ping = |id: &i64| Ping {
        id: *id,
        resource: "Task/t/_history/1".to_owned(),
        origin: None,
        failed: 0,
        begun: Timestamp(0),
        next_attempt: Timestamp(0),
        trigger: Trigger::Automatic,
        request_id: None,
        trace_id: None,
        requester: None,
    };
    LeasedLane {
        domain: 1,
        lane,
        lease: Timestamp(1),
        subscriber: Subscriber {
            id: "s".to_owned(),
            version: 1,
            origin: "device".to_owned(),
            instance: 7,
            criteria: "Task".to_owned(),
            endpoint: url.to_owned(),
            headers: vec![],
            is_in_error: false,
            observer: None,
        },
        pings: ids.iter().map(ping).collect(),
    }
}

fn lanes(wanted: &[WantedLane]) -> Vec<i64> {
    wanted.iter().map(|wanted| wanted.lane).collect()
}

#[test]
fn a_lane_sends_one_after_the_other() {
    let now = Instant::now();
    let mut queues = queues(false);
    queues.leased(leased(5, "https://a.example/x", &[1, 2]), 64, now);
    let first = queues.take((1, 5), true, now).unwrap();
    assert_eq!((first.head.id, first.sent.id, &first.along[..]), (1, 1, &[][..]));
    queues.begun((1, 5));
    assert!(queues.take((1, 5), true, now).is_none());
    assert_eq!(queues.turns(), []);
    queues.ended((1, 5), false, false, Duration::ZERO, now);
    assert!(!queues.settled((1, 5), true));
    assert_eq!(queues.take((1, 5), true, now).unwrap().sent.id, 2);
    assert!(queues.settled((1, 5), true));
    assert!(!queues.recorded((1, 5)));
    assert_eq!(queues.lanes.len(), 1);
    queues.recorded((1, 5));
    assert_eq!((queues.lanes.len(), queues.held()), (0, 0));
}

#[test]
fn several_that_wait_become_one_when_that_is_wanted() {
    let now = Instant::now();
    let mut queues = queues(true);
    queues.leased(leased(5, "https://a.example/x", &[1, 2, 3]), 64, now);
    let turn = queues.take((1, 5), true, now).unwrap();
    assert_eq!((turn.head.id, turn.sent.id, &turn.along[..]), (1, 3, &[1, 2][..]));
    assert_eq!(queues.held(), 0);
}

#[test]
fn many_lanes_to_one_endpoint_share_its_slots() {
    let now = Instant::now();
    let mut queues = queues(false);
    let due: Vec<_> = (0..10)
        .map(|lane| waiting(lane, &format!("https://a.example/{lane}")))
        .chain([waiting(10, "https://b.example/")])
        .collect();
    let (wanted, left_out) = queues.wants(&due, 9999, 9, now);
    assert_eq!((lanes(&wanted), left_out), (vec![0, 1, 2, 3, 10], false));
    for wanted in &wanted {
        let url = due[wanted.lane as usize].endpoint.clone().unwrap();
        queues.leased(leased(wanted.lane, &url, &[wanted.lane]), 64, now);
    }
    let mut sent = vec![];
    for key in queues.turns() {
        if let Some(turn) = queues.take(key, true, now) {
            queues.begun(key);
            sent.push(turn.lane.lane);
        }
    }
    assert_eq!(sent, [0, 1, 10]);
}

#[test]
fn an_endpoint_that_hangs_is_spared_and_its_lanes_hold_nothing() {
    let now = Instant::now();
    let mut queues = queues(false);
    for lane in 0..4 {
        queues.leased(leased(lane, "https://a.example/", &[lane * 10, lane * 10 + 1]), 64, now);
    }
    for _ in 0..3 {
        let turn = queues.take((1, 0), true, now);
        queues.begun((1, 0));
        queues.ended((1, 0), true, true, TOOK, now);
        queues.settled((1, 0), turn.is_some());
    }
    let shed: Vec<i64> = queues.shed((1, 0)).iter().map(|lane| lane.lane).collect();
    assert_eq!(shed, [1, 2, 3]);
    assert_eq!((queues.held(), queues.strained()), (0, 1));
    for _ in 0..3 {
        queues.recorded((1, 0));
    }
    // While it rests nothing is wanted for it, and then one notification.
    let due = [waiting(1, "https://a.example/1"), waiting(2, "https://a.example/2")];
    assert_eq!(queues.wants(&due, 99, 9, now), (vec![], false));
    assert!(!queues.is_rested(now));
    assert_eq!(queues.rests_until().collect::<Vec<_>>(), [now + TOOK]);
    assert!(queues.is_rested(now + TOOK));
    let (wanted, _) = queues.wants(&due, 99, 9, now + TOOK);
    assert_eq!(wanted, [WantedLane { domain: 1, lane: 1, limit: 1 }]);
    assert_eq!(queues.wants(&due, 99, 0, now + TOOK).0, []);
}

#[test]
fn a_lane_that_is_busy_is_looked_at_again_when_it_is_done() {
    let now = Instant::now();
    let mut queues = queues(false);
    queues.leased(leased(5, "https://a.example/x", &[1]), 64, now);
    queues.take((1, 5), true, now).unwrap();
    queues.begun((1, 5));
    assert_eq!(queues.wants(&[waiting(5, "https://a.example/x")], 99, 9, now), (vec![], false));
    queues.ended((1, 5), false, false, Duration::ZERO, now);
    assert!(queues.settled((1, 5), true));
    assert!(queues.recorded((1, 5)));
}

#[test]
fn the_path_is_no_part_of_an_endpoint() {
    for (url, expected) in [
        ("https://a.example/x?y", "https://a.example"),
        ("https://a.example:443/z", "https://a.example"),
        ("http://a.example:8080/z", "http://a.example:8080"),
        ("no url", "no url"),
    ] {
        assert_eq!(endpoint_of(url), expected);
    }
}
