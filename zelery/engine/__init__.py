"""The engine in the box: Zeebe's protocol in one Python process, for development and tests, never for production.

`README.md` beside this file is its map. Nothing of the product imports it but `zelery.local`, the command line and
`zelery.testing`.
"""
