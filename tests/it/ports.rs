//! Other libraries' own tests, written with this one.

mod go;
mod peers;
