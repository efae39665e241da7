-- What an account bought, the last first, without going through its other actions.
CREATE INDEX actions_bought
    ON actions (account_id, CAST(json_extract(state, '$.purchase.grant.lot') AS INTEGER))
    WHERE substr(state, 1, 12) = '{"purchase":';

-- What the demo payments have to renew, as a payment provider would keep it for real ones.
CREATE TABLE renewals (
    subscription_id TEXT    NOT NULL,
    account_id      TEXT    NOT NULL,
    due_at          INTEGER NOT NULL,
    declines        INTEGER NOT NULL,  -- whether the card that it is paid with says no
    PRIMARY KEY (subscription_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX renewals_due ON renewals (due_at, subscription_id);
