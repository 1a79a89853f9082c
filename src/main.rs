//! The program `rundruf`.
fn main() {}
