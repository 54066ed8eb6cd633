//! Nothing to do: only a package with a build script has dependencies for it.

fn main() {}
