//! Groups inside groups, ten deep: `cargo bench -p rungroup-benches --bench nested`.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rungroup_benches::{Runtime, nested};

const DEPTH: usize = 10;

/// In each of the groups.
const ACTORS: [usize; 2] = [10, 100];

fn nest(criterion: &mut Criterion) {
    for runtime in Runtime::ALL {
        let started = runtime.start();
        let mut group = criterion.benchmark_group(format!("nested/{}", runtime.id()));
        group.sample_size(10);
        for actors in ACTORS {
            group.throughput(Throughput::Elements((actors * DEPTH) as u64));
            for contestant in nested::CONTESTANTS {
                if !contestant.takes_part(runtime, actors * DEPTH) {
                    continue;
                }
                let id = BenchmarkId::new(contestant.id(), actors);
                let live = || started.block_on(nested::live(contestant, runtime, actors, DEPTH));
                group.bench_function(id, |bencher| bencher.iter(live));
            }
        }
    }
}

criterion_group!(benches, nest);
criterion_main!(benches);
