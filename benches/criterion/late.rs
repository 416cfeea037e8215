//! Adding through a handle while the group runs: `cargo bench -p rungroup-benches --bench late`.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rungroup_benches::{Runtime, late};

const ACTORS: [usize; 2] = [10, 1_000];

fn add_late(criterion: &mut Criterion) {
    for runtime in Runtime::ALL {
        let started = runtime.start();
        let mut group = criterion.benchmark_group(format!("late/{}", runtime.id()));
        group.sample_size(10);
        for actors in ACTORS {
            group.throughput(Throughput::Elements(actors as u64));
            for contestant in late::CONTESTANTS {
                if !contestant.takes_part(runtime, actors) {
                    continue;
                }
                let id = BenchmarkId::new(contestant.id(), actors);
                group.bench_function(id, |bencher| {
                    bencher.iter(|| started.block_on(late::live(contestant, runtime, actors)));
                });
            }
        }
    }
}

criterion_group!(benches, add_late);
criterion_main!(benches);
