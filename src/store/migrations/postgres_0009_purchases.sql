-- What an account bought, the last first, without going through its other actions.
CREATE INDEX actions_bought
    ON actions (account_id, ((state::json #>> '{purchase,grant,lot}')::bigint))
    WHERE left(state, 12) = '{"purchase":';

-- What the demo payments have to renew, as a payment provider would keep it for real ones.
CREATE TABLE renewals (
    subscription_id text COLLATE "C" NOT NULL,
    account_id      text COLLATE "C" NOT NULL,
    due_at          bigint NOT NULL,
    declines        boolean NOT NULL,  -- whether the card that it is paid with says no
    PRIMARY KEY (subscription_id)
);

CREATE INDEX renewals_due ON renewals (due_at, subscription_id);
