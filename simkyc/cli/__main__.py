"""`python -m simkyc.cli`: the same as `simkyc`, where the script is not installed."""

from simkyc.cli import main

if __name__ == "__main__":
    main()
