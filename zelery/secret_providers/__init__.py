"""Secrets from stores on the network, each an extra of its own.

They join by entry point, as anybody's provider does, and are imported only when ZELERY_SECRET_PROVIDERS names them:

    pip install 'zelery[vault]'                 pip install 'zelery[aws]'
    ZELERY_SECRET_PROVIDERS=environment,vault   ZELERY_SECRET_PROVIDERS=environment,aws
    VAULT_ADDR=https://vault:8200               AWS_REGION=eu-central-1
    vault kv put secret/zelery TOKEN=…          aws secretsmanager create-secret --name zelery/TOKEN --secret-string …

and `{{secrets.TOKEN}}` has that value. A model reaches what is under the path of the settings and nothing else, so keep
there only what every model may use.
"""
