//! The first program of the README: two parts that stop in order on Ctrl-C.
//!
//! ```sh
//! cargo run --example quickstart --features signal
//! ```

use rungroup::{Actor, Group, Tokio, signal};

fn main() -> std::process::ExitCode {
    Tokio::main(tokio::runtime::Runtime::new().expect("a runtime"), async {
        let mut group = Group::new();
        group.add_actor(signal::termination(group.handle())?); // Ctrl-C and SIGTERM
        for (name, stage) in [("database", 0), ("server", 1)] {
            let work = std::future::pending(); // your code: a future of a `Result`
            group.add_actor(Actor::cancellable(work).name(name).stage(stage));
        }
        let report = group.run_report(Tokio).await;
        println!("{report}");
        Ok(report.into_result()?)
    })
}
