-- Whose a payment or a subscription is: the events of a payment provider name nothing else.
CREATE TABLE payment_claims (
    object_id  text COLLATE "C" NOT NULL,
    account_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (object_id)
);
