"""`python -m omni_persona_cli`, for systems where scripts are not on the path."""

from omni_persona_cli.app import main

if __name__ == "__main__":
    main()
