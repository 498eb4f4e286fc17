"""How long the coverage of twelve weeks takes, with two hundred certificates.

    make bench

The roster is that of `bench.roster`, on an embedded PostgreSQL of its own.
"""

from bench.desk import prepared_desk


def main() -> None:
    with prepared_desk(demo=False) as run:
        run("-m", "bench.roster")


if __name__ == "__main__":
    main()
