"""A file of rows, each run once: checked, sent in batches, followed, and gone on with by the same call again.

- `table`: the file. `contract`: what the action takes, and what a cell means. `shape`: a row as inputs.
- `order`: what is asked for, and the ids that follow from the batch's name and a row's key.
- `checking`: every row before the first is sent. `book`: what this process knows of each row, on disk.
- `sending`, `following`: batches out, outcomes in. `results`: the file of outcomes. `progress`: how far it is.
- `run`: all of it.

There is no state file: an id says which row it is, and the deployment says what became of it.
"""
