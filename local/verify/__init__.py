"""`make verify`: whether a deployment keeps its promises in the account in which it runs.

`facts` is what can be seen of a deployment, `reading_aws` and `reading_http` see it, `rules` judge it, `checks` is the
table of both, and `report` shows what came of it. Only what `__main__` names is written: with an action, one execution.
"""
