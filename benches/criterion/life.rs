//! The whole life of a group: `cargo bench -p rungroup-benches --bench life`.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rungroup_benches::{AtOnce, Contestant, Runtime};

const ACTORS: [usize; 3] = [10, 1_000, 100_000];

fn life(criterion: &mut Criterion) {
    for runtime in Runtime::ALL {
        let started = runtime.start();
        let mut group = criterion.benchmark_group(format!("life/{}", runtime.id()));
        group.sample_size(10);
        for actors in ACTORS {
            group.throughput(Throughput::Elements(actors as u64));
            for contestant in Contestant::all_on(runtime, actors) {
                let id = BenchmarkId::new(contestant.id(), actors);
                group.bench_function(id, |bencher| {
                    bencher.iter(|| started.block_on(contestant.live(runtime, actors, AtOnce)));
                });
            }
        }
    }
}

criterion_group!(benches, life);
criterion_main!(benches);
