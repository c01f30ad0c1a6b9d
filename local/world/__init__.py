"""The machine-local world: the emulator with the deployed stack, the Genesys Cloud simulator and the webhook sink.

A world is a folder. Everything in it is found again from there (`state`), so several can run at once and one
can be ended by a process that did not start it:

- `processes`: starts processes that outlive this one, and ends exactly those.
- `environment`: what of this process's environment they may see.
- `emulator`: MiniStack, and what it leaves out of CloudFormation's work.
- `build`, `deploy`: the real `sam build` and `sam deploy`.
- `seed`: the three secrets that the template expects to find.
- `up`, `down`: the two commands.
"""
