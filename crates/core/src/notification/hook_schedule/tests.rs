//! The schedule by itself, and a lane of notifications through days of an
//! endpoint's moods: a fake clock, scripted answers, thousands of seeds.

use std::collections::VecDeque;
use std::time::Duration;

use super::HookSchedule;
use crate::clock::Timestamp;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn pauses_double_up_to_the_longest() {
    let schedule = HookSchedule::default();
    let start = Timestamp(0);
    let pause = |failed, jitter| {
        schedule.next(failed, start, start, jitter, None).unwrap().since(start).as_secs_f64()
    };
    assert_eq!([1, 2, 3, 4].map(|failed| pause(failed, 0.5)), [1.0, 2.0, 4.0, 8.0]);
    assert_eq!([11, 12, 13, 99].map(|failed| pause(failed, 0.5)), [1024.0, 2048.0, 3600.0, 3600.0]);
    assert_eq!((pause(1, 0.0), pause(1, 1.0), pause(1, 7.0)), (0.8, 1.2, 1.2));
    assert_eq!((pause(99, 0.0), pause(99, 1.0)), (2880.0, 3600.0));
}

#[test]
fn the_last_attempt_is_at_the_end_of_the_time_and_none_comes_after_it() {
    let schedule = HookSchedule::default();
    let begun = Timestamp(0);
    let end = begun.plus(72 * HOUR);
    let before = begun.plus(72 * HOUR - SECOND);
    assert_eq!(schedule.next(80, begun, before, 0.5, None), Some(end));
    assert_eq!(schedule.next(81, begun, end, 0.5, None), None);
    assert_eq!(schedule.next(1, begun, end.plus(SECOND), 0.5, Some(SECOND)), None);
}

#[test]
fn an_endpoint_may_ask_for_a_longer_pause_but_not_for_one_beyond_the_end() {
    let schedule = HookSchedule::default();
    let now = Timestamp(0);
    let next = |asked| schedule.next(1, now, now, 0.5, Some(asked)).unwrap().since(now);
    assert_eq!(next(Duration::ZERO), SECOND);
    assert_eq!(next(5 * HOUR), 5 * HOUR);
    assert_eq!(next(100 * HOUR), 72 * HOUR);
    assert_eq!(next(Duration::MAX), 72 * HOUR);
}

/// What an endpoint says at a moment.
#[derive(Debug, Clone, Copy)]
enum Mood {
    Works,
    Fails(Option<Duration>),
}

/// A period of one mood after the other, until the end of the days.
struct Script(VecDeque<(Timestamp, Mood)>);

impl Script {
    fn new(random: &mut Random, until: Timestamp) -> Self {
        let mut periods = VecDeque::new();
        let mut at = Timestamp(0);
        while at < until {
            let mood = match random.below(4) {
                0 => Mood::Works,
                1 => Mood::Fails(Some(Duration::from_secs(random.below(20_000)))),
                _ => Mood::Fails(None),
            };
            periods.push_back((at, mood));
            at = at.plus(Duration::from_secs(1 << random.below(17)));
        }
        Self(periods)
    }

    fn mood(&mut self, now: Timestamp) -> Mood {
        while self.0.get(1).is_some_and(|(from, _)| *from <= now) {
            self.0.pop_front();
        }
        self.0[0].1
    }
}

/// SplitMix64: numbers that a seed gives again.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn fraction(&mut self) -> f64 {
        self.below(1_000_001) as f64 / 1_000_000.0
    }
}

/// What became of a lane: each as it is in the store.
#[derive(Default)]
struct Lane {
    waiting: VecDeque<u64>,
    delivered: Vec<u64>,
    dead: Vec<u64>,
    failed: u32,
    begun: Timestamp,
    due: Timestamp,
}

/// One lane until all of it is settled; the moments of the attempts at each.
fn simulate(seed: u64, schedule: &HookSchedule) -> Lane {
    let mut random = Random::new(seed);
    let mut script = Script::new(&mut random, Timestamp(0).plus(schedule.give_up_after * 3));
    // Arrivals of a day, some at the same moment.
    let mut arrivals: Vec<Timestamp> = (0..random.below(40))
        .map(|_| Timestamp(0).plus(Duration::from_secs(random.below(86_400))))
        .collect();
    arrivals.sort();
    let mut arrivals: VecDeque<(u64, Timestamp)> = (1..).zip(arrivals).collect();
    let mut lane = Lane::default();
    let mut now = Timestamp(0);
    let mut announced = 0;
    let mut last_pause: Option<(Timestamp, Timestamp)> = None;
    loop {
        while arrivals.front().is_some_and(|(_, at)| *at <= now) {
            lane.waiting.extend(arrivals.pop_front().map(|(id, _)| id));
            announced += 1;
        }
        let Some(head) = lane.waiting.front().copied() else {
            match arrivals.front() {
                Some((_, at)) => now = *at,
                None => break,
            }
            continue;
        };
        if lane.failed > 0 && now < lane.due {
            // All of the lane waits; the clock goes to what comes first.
            now = arrivals.front().map_or(lane.due, |(_, at)| lane.due.min(*at));
            continue;
        }
        if let Some((_, due)) = last_pause.take() {
            assert_eq!(now, due, "seed {seed}: an attempt before or after its time");
        }
        let started = now;
        match script.mood(now) {
            Mood::Works => {
                lane.waiting.pop_front();
                lane.delivered.push(head);
                lane.failed = 0;
            }
            Mood::Fails(asked) => {
                if lane.failed == 0 {
                    lane.begun = started;
                }
                lane.failed += 1;
                // An attempt takes its time.
                now = now.plus(Duration::from_millis(random.below(10_000)));
                let jitter = random.fraction();
                match schedule.next(lane.failed, lane.begun, now, jitter, asked) {
                    Some(due) => {
                        check_pause(seed, schedule, &lane, now, due, asked);
                        lane.due = due;
                        last_pause = Some((now, due));
                    }
                    None => {
                        assert!(now >= lane.begun.plus(schedule.give_up_after), "seed {seed}");
                        lane.dead.extend(lane.waiting.drain(..));
                        lane.failed = 0;
                    }
                }
            }
        }
    }
    assert_eq!(lane.delivered.len() + lane.dead.len(), announced, "seed {seed}: lost or doubled");
    lane
}

fn check_pause(
    seed: u64,
    schedule: &HookSchedule,
    lane: &Lane,
    now: Timestamp,
    due: Timestamp,
    asked: Option<Duration>,
) {
    let end = lane.begun.plus(schedule.give_up_after);
    assert!(due > now && due <= end, "seed {seed}");
    let doubled = schedule.first_retry * 2_u32.pow(lane.failed.min(20) - 1);
    let plain = doubled.min(schedule.max_interval);
    let asked = asked.unwrap_or_default();
    let pause = due.since(now);
    let microsecond = Duration::from_micros(1);
    if due < end {
        assert!(pause + microsecond >= plain.mul_f64(0.8).max(asked), "seed {seed}: {pause:?}");
    }
    let longest = plain.mul_f64(1.2).min(schedule.max_interval).max(asked);
    assert!(pause <= longest + microsecond, "seed {seed}: {pause:?}");
}

#[test]
fn through_days_of_moods_nothing_is_lost_doubled_or_out_of_order() {
    let schedule = HookSchedule::default();
    let (mut delivered, mut dead) = (0, 0);
    for seed in 0..5_000 {
        let lane = simulate(seed, &schedule);
        assert!(lane.delivered.is_sorted(), "seed {seed}: {:?}", lane.delivered);
        assert!(lane.dead.is_sorted(), "seed {seed}: {:?}", lane.dead);
        delivered += lane.delivered.len();
        dead += lane.dead.len();
    }
    // The scripts reach both ends.
    assert!(delivered > 10_000 && dead > 500, "{delivered} delivered, {dead} dead");
}

#[test]
fn an_endpoint_that_never_works_is_tried_for_all_of_the_time() {
    let schedule = HookSchedule::default();
    for seed in 0..2_000 {
        let mut random = Random::new(seed);
        let begun = Timestamp(0);
        let (mut now, mut failed) = (begun, 0);
        let last = loop {
            failed += 1;
            match schedule.next(failed, begun, now, random.fraction(), None) {
                Some(due) => now = due,
                None => break now,
            }
        };
        assert_eq!(last, begun.plus(schedule.give_up_after), "seed {seed}");
        // Twelve while the pauses grow, then one an hour or somewhat more.
        assert!((80..110).contains(&failed), "seed {seed}: {failed} attempts");
    }
}
