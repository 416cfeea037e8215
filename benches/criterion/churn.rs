//! Short actors that come and go: `cargo bench -p rungroup-benches --bench churn`.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rungroup_benches::{Runtime, churn};

const ACTORS: [usize; 2] = [10, 1_000];

fn come_and_go(criterion: &mut Criterion) {
    for runtime in Runtime::ALL {
        let started = runtime.start();
        let mut group = criterion.benchmark_group(format!("churn/{}", runtime.id()));
        group.sample_size(10);
        for actors in ACTORS {
            group.throughput(Throughput::Elements(actors as u64));
            for contestant in churn::CONTESTANTS {
                if !contestant.takes_part(runtime, actors) {
                    continue;
                }
                let id = BenchmarkId::new(contestant.id(), actors);
                group.bench_function(id, |bencher| {
                    bencher.iter(|| started.block_on(churn::live(contestant, runtime, actors)));
                });
            }
        }
    }
}

criterion_group!(benches, come_and_go);
criterion_main!(benches);
