"""The economy: blocks of equations, closures, instruments, the engine that solves it, results and checks."""
