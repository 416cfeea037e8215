//! The moments that are tried.

use super::fault::Injection;
use super::moment::Moment;

/// How often an actor was polled in the undisturbed trial.
pub(super) struct Polls {
    pub(super) actor: String,
    pub(super) count: usize,
}

/// All moments of these actors, or `most` of them, spread evenly over the actors and over time. The
/// order is early moments first.
pub(super) fn moments(actors: &[Polls], most: usize) -> Vec<Moment> {
    let mut moments = Vec::new();
    for (nth, (actor, share)) in actors.iter().zip(shares(actors, most)).enumerate() {
        moments.extend(of_one(actor, share, nth));
    }
    // Stable, so actors that are polled equally often take turns.
    moments.sort_by_key(|moment| moment.poll);
    moments
}

/// How many moments each actor gets. One that has fewer than its share leaves the rest to others.
fn shares(actors: &[Polls], most: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..actors.len()).collect();
    order.sort_by_key(|&at| actors[at].count);
    let mut shares = vec![0; actors.len()];
    let mut left = most;
    for (done, &at) in order.iter().enumerate() {
        let all = actors[at].count.saturating_mul(Injection::ALL.len());
        // Rounded up, so that few moments go to the first actors, not to the last one.
        let share = left.div_ceil(actors.len() - done).min(all);
        shares[at] = share;
        left -= share;
    }
    shares
}

/// `share` moments of one actor. Each fault gets as many of them as any other, at most one more, and
/// its polls lie as far from each other as they can. `nth` chooses the faults that get one more.
fn of_one(actor: &Polls, share: usize, nth: usize) -> impl Iterator<Item = Moment> + use<'_> {
    let faults = Injection::ALL.len();
    (0..faults).flat_map(move |turn| {
        let injection = Injection::ALL[(turn + nth) % faults];
        let picks = share / faults + usize::from(turn < share % faults);
        (0..picks).map(move |pick| Moment {
            injection,
            // The faults are shifted against each other, so that they meet different polls.
            poll: 1 + scale(pick * faults + turn, actor.count, picks * faults),
            actor: actor.actor.clone(),
        })
    })
}

/// `at * size / of`, without overflow.
fn scale(at: usize, size: usize, of: usize) -> usize {
    let scaled = at as u128 * size as u128 / of as u128;
    usize::try_from(scaled).expect("less than size")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn actors(counts: &[usize]) -> Vec<Polls> {
        let actor = |(nth, &count): (usize, &usize)| Polls {
            actor: nth.to_string(),
            count,
        };
        counts.iter().enumerate().map(actor).collect()
    }

    fn distinct(moments: &[Moment]) -> usize {
        let set: HashSet<_> = moments.iter().map(ToString::to_string).collect();
        set.len()
    }

    #[test]
    fn law_36_all_are_tried_where_there_is_room() {
        let moments = moments(&actors(&[3, 1, 0, 7]), 55);
        assert_eq!((moments.len(), distinct(&moments)), (55, 55));
        for moment in &moments {
            let polls = [3, 1, 0, 7][moment.actor.parse::<usize>().unwrap()];
            assert!((1..=polls).contains(&moment.poll), "{moment}");
        }
    }

    #[test]
    fn there_are_never_more_than_asked_for() {
        for most in 0..200 {
            let counts = [1, 2, 3, 50, 1000];
            let moments = moments(&actors(&counts), most);
            assert_eq!((moments.len(), distinct(&moments)), (most, most));
            let fits = |moment: &Moment| {
                let polls = counts[moment.actor.parse::<usize>().unwrap()];
                (1..=polls).contains(&moment.poll)
            };
            assert!(moments.iter().all(fits));
        }
    }

    #[test]
    fn they_are_spread_over_actors_time_and_faults() {
        let moments = moments(&actors(&[10, 10_000, 10_000]), 350);
        let of = |actor: &str| -> Vec<&Moment> {
            moments.iter().filter(|one| one.actor == actor).collect()
        };
        assert_eq!(
            (of("0").len(), of("1").len(), of("2").len()),
            (50, 150, 150)
        );
        for injection in Injection::ALL {
            let mut polls: Vec<usize> = of("1")
                .into_iter()
                .filter(|moment| moment.injection == injection)
                .map(|moment| moment.poll)
                .collect();
            polls.dedup();
            assert_eq!(polls.len(), 30);
            assert!(polls[0] <= 400 && polls[29] > 9_600, "{polls:?}");
            let gaps = polls.windows(2).map(|pair| pair[1] - pair[0]);
            assert!(
                gaps.clone().all(|gap| (333..=334).contains(&gap)),
                "{polls:?}"
            );
        }
    }

    #[test]
    fn few_trials_meet_each_fault_and_many_actors() {
        let moments = moments(&actors(&[100; 30]), 30);
        let actors: HashSet<_> = moments.iter().map(|moment| &moment.actor).collect();
        assert_eq!(actors.len(), 30);
        for injection in Injection::ALL {
            let of = moments.iter().filter(|one| one.injection == injection);
            assert_eq!(of.count(), 6);
        }
    }
}
