"""`python -m rollout_sync.cli`, for machines where the script is not on the path."""

from rollout_sync.cli import main

if __name__ == "__main__":
    main()
