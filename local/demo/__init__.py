"""`make demo`: the main job on real parts, shown in a terminal as it happens.

What is shown is checked first: a step that did not see what it promises ends the demo with exit status 1.

- `__main__`, `world`: a local world of its own, brought up and ended in any case.
- `play`: the steps in their order; `submission`, `records`, `refusals`, `backstage` are the steps.
- `example`: the requests that are sent.
- `witnesses`: what others saw of it: Genesys Cloud, the caller's webhook, CloudWatch, SSM.
- `following`, `trail`, `metrics`: a status over time, the audit chain, EMF lines; pure.
- `showing`, `wrapping`: how it looks. `expectations`: what is thrown when it is not as promised.
"""
