"""List prices in US dollars, us-east-1, first tier, no free tier, without taxes. The only place where they are."""

AS_OF = "2025 (list, us-east-1)"
"""Written down once, not looked up at run time; check them before you rely on a sum."""

_MILLION = 1_000_000

API_REQUEST = 3.50 / _MILLION
"""API Gateway, REST API."""
LAMBDA_REQUEST = 0.20 / _MILLION
LAMBDA_GB_SECOND = 0.0000166667
"""x86_64."""
WRITE_UNIT = 0.625 / _MILLION
"""DynamoDB on demand, standard class, one write of up to 1 KB."""
READ_UNIT = 0.125 / _MILLION
"""One strongly consistent read of up to 4 KB."""
STORED_GB_MONTH = 0.25
SQS_REQUEST = 0.40 / _MILLION
"""Standard queue, up to 64 KB."""
LOGGED_GB = 0.50
"""CloudWatch Logs, ingestion, standard class."""
TRACE = 5.00 / _MILLION
"""X-Ray, recorded."""

OTHER_REQUESTS = {
    "s3:PutObject": 0.005 / 1_000,
    "s3:GetObject": 0.0004 / 1_000,
    "secretsmanager:GetSecretValue": 0.05 / 10_000,
    # A standard parameter is free; decrypting a SecureString is one KMS request.
    "ssm:GetParameter": 0.03 / 10_000,
    "ssm:PutParameter": 0.03 / 10_000,
}
"""By service and operation, under their names in IAM."""
