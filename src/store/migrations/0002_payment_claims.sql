-- Whose a payment or a subscription is: the events of a payment provider name nothing else.
CREATE TABLE payment_claims (
    object_id  TEXT NOT NULL,
    account_id TEXT NOT NULL,
    PRIMARY KEY (object_id)
) STRICT, WITHOUT ROWID;
