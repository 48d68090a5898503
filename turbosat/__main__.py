"""python -m turbosat."""

from turbosat.cli import main

if __name__ == "__main__":
    main()
