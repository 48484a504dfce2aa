use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn fired(wheel: &mut Wheel<u32>, now_ms: u64) -> Vec<u32> {
    let mut out = Vec::new();
    wheel.expire(now_ms, &mut out);
    out
}

#[test]
fn fires_at_the_deadline_and_not_before() {
    for deadline_ms in [0, 1, 63, 64, 65, 4095, 4096, 60_000, 1 << 40, u64::MAX] {
        let mut wheel = Wheel::new();
        wheel.insert(deadline_ms, 7);
        if deadline_ms > 0 {
            assert!(fired(&mut wheel, deadline_ms - 1).is_empty(), "{deadline_ms}");
        }
        assert_eq!(fired(&mut wheel, deadline_ms), [7], "{deadline_ms}");
        assert!(wheel.is_empty());
        assert_eq!(wheel.next_deadline_ms(), None);
    }
}

#[test]
fn a_deadline_in_the_past_fires_at_once() {
    let mut wheel = Wheel::new();
    assert!(fired(&mut wheel, 1000).is_empty());
    wheel.insert(5, 1);
    assert_eq!(wheel.next_deadline_ms(), Some(1000));
    assert_eq!(fired(&mut wheel, 1000), [1]);
}

#[test]
fn a_stale_key_touches_nobody_else() {
    let mut wheel = Wheel::new();
    let old = wheel.insert(10, 1);
    assert_eq!(wheel.remove(old), Some(1));
    let new = wheel.insert(20, 2);
    assert_eq!(wheel.remove(old), None);
    assert!(!wheel.reschedule(old, 1));
    assert_eq!(fired(&mut wheel, 20), [2]);
    assert!(!wheel.reschedule(new, 30));
}

#[test]
fn removes_from_the_front_the_middle_and_the_end_of_a_slot() {
    for gone in 0..3 {
        let mut wheel = Wheel::new();
        let keys: Vec<_> = (0..3).map(|n| wheel.insert(500, n)).collect();
        assert_eq!(wheel.remove(keys[gone as usize]), Some(gone));
        let mut left = fired(&mut wheel, 500);
        left.sort_unstable();
        assert_eq!(left, (0..3).filter(|n| *n != gone).collect::<Vec<_>>());
    }
}

#[test]
fn waking_at_the_next_deadline_again_and_again_reaches_a_far_timer() {
    let mut wheel = Wheel::new();
    wheel.insert(86_400_000, 1);
    let mut wakes = 0;
    let mut now_ms = 0;
    while !wheel.is_empty() {
        now_ms = wheel.next_deadline_ms().unwrap();
        assert!(now_ms <= 86_400_000);
        fired(&mut wheel, now_ms);
        wakes += 1;
    }
    assert_eq!(now_ms, 86_400_000);
    assert!(wakes <= LEVELS, "{wakes} wakes");
}

#[test]
fn time_that_goes_back_is_ignored() {
    let mut wheel = Wheel::new();
    fired(&mut wheel, 100);
    wheel.insert(90, 1);
    assert_eq!(fired(&mut wheel, 50), [1], "90 had passed already");
}

#[derive(Clone, Debug)]
enum Step {
    Insert { after_ms: i64 },
    Remove { pick: usize },
    Reschedule { pick: usize, after_ms: i64 },
    Advance { by_ms: u64 },
    AdvanceToNext,
}

fn distance() -> impl Strategy<Value = i64> {
    prop_oneof![-5i64..5, 0i64..130, 0i64..70_000, 0i64..(1 << 45)]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => distance().prop_map(|after_ms| Step::Insert { after_ms }),
        1 => any::<usize>().prop_map(|pick| Step::Remove { pick }),
        1 => (any::<usize>(), distance()).prop_map(|(pick, after_ms)| Step::Reschedule { pick, after_ms }),
        1 => prop_oneof![0u64..3, 0u64..5000, 0u64..(1 << 44)].prop_map(|by_ms| Step::Advance { by_ms }),
        2 => Just(Step::AdvanceToNext),
    ]
}

proptest! {
    #[test]
    fn agrees_with_a_sorted_map(start_ms in 0u64..(1 << 50), steps in prop::collection::vec(step(), 1..200)) {
        let mut wheel = Wheel::new();
        // Serial number of the timer -> (deadline as the wheel may see it, key).
        let mut model: BTreeMap<u32, (u64, TimerKey)> = BTreeMap::new();
        let mut now_ms = start_ms;
        wheel.expire(now_ms, &mut Vec::new());
        for (serial, step) in steps.into_iter().enumerate() {
            let serial = serial as u32;
            let picked = |pick: usize| model.iter().nth(pick % model.len().max(1)).map(|(n, (_, key))| (*n, *key));
            match step {
                Step::Insert { after_ms } => {
                    let deadline_ms = now_ms.saturating_add_signed(after_ms);
                    let key = wheel.insert(deadline_ms, serial);
                    model.insert(serial, (deadline_ms, key));
                }
                Step::Remove { pick } => {
                    if let Some((n, key)) = picked(pick) {
                        prop_assert_eq!(wheel.remove(key), Some(n));
                        model.remove(&n);
                    }
                }
                Step::Reschedule { pick, after_ms } => {
                    if let Some((n, key)) = picked(pick) {
                        let deadline_ms = now_ms.saturating_add_signed(after_ms);
                        prop_assert!(wheel.reschedule(key, deadline_ms));
                        model.insert(n, (deadline_ms, key));
                    }
                }
                Step::Advance { by_ms } => now_ms += by_ms,
                Step::AdvanceToNext => now_ms = wheel.next_deadline_ms().unwrap_or(now_ms).max(now_ms),
            }
            let next_ms = wheel.next_deadline_ms();
            let earliest_ms = model.values().map(|(deadline_ms, _)| *deadline_ms).min();
            prop_assert_eq!(next_ms.is_some(), earliest_ms.is_some());
            if let (Some(next_ms), Some(earliest_ms)) = (next_ms, earliest_ms) {
                prop_assert!(next_ms <= earliest_ms.max(now_ms), "{} > {}", next_ms, earliest_ms);
            }
            let mut got = Vec::new();
            wheel.expire(now_ms, &mut got);
            let deadlines: Vec<u64> = got.iter().map(|n| model[n].0).collect();
            prop_assert!(deadlines.iter().all(|deadline_ms| *deadline_ms <= now_ms));
            got.sort_unstable();
            let due: Vec<u32> = model.iter().filter(|(_, v)| v.0 <= now_ms).map(|(n, _)| *n).collect();
            prop_assert_eq!(got, due.clone());
            for n in due {
                model.remove(&n);
            }
            prop_assert_eq!(wheel.len(), model.len());
        }
    }
}
