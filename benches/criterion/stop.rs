//! The stop alone, of actors that all wait: from the first exit to the return of `run`.
//! `cargo bench -p rungroup-benches --bench stop`

use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rungroup_benches::{AllParked, Contestant, Runtime};

const ACTORS: [usize; 2] = [10, 1_000];

fn stop(criterion: &mut Criterion) {
    for runtime in Runtime::ALL {
        let started = runtime.start();
        let mut group = criterion.benchmark_group(format!("stop/{}", runtime.id()));
        group.sample_size(20);
        for actors in ACTORS {
            group.throughput(Throughput::Elements(actors as u64));
            for contestant in Contestant::all_on(runtime, actors) {
                let stop = || -> Duration {
                    let work = AllParked::new(actors);
                    started.block_on(contestant.live(runtime, actors, work.clone()));
                    work.since_exit()
                };
                let id = BenchmarkId::new(contestant.id(), actors);
                group.bench_function(id, |bencher| {
                    bencher.iter_custom(|stops| (0..stops).map(|_| stop()).sum());
                });
            }
        }
    }
}

criterion_group!(benches, stop);
criterion_main!(benches);
