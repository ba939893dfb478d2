"""Where process definitions come from: Operate v1, the Orchestration Cluster's REST API, or what was deployed here.

All behind one port, `port.DefinitionSource`; the reconciler and polling connectors stand on that and on nothing else.
"""
