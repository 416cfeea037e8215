//! Foreign code that fails, wherever it is called: panics, losses, drops and unfairness in places that
//! no single law names.

mod blocking;
mod clock;
mod drop_in_wake;
mod dropped;
mod fairness;
mod foreign;
mod grid;
mod misuse;
mod nested;
mod wakers;
