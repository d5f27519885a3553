"""What scenarios act through and look at, whichever component they are about; what is one product's own lives with its component.

To act: throw-away pods, hosts and claims, a browser, a person's token. To look: names, certificates, volumes, workloads, usage, leaks.
Nothing in here asserts anything (steps/ do) or decides what the platform should be (components/ do).
"""
