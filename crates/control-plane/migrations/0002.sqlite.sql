-- Until now whoever accepted an invitation had the invited address verified, though a password shows no more than a link that its
-- sender has as well (ADR 5). Accounts that were made within a minute of the audit's record that an invitation was accepted for
-- them keep their address, not verified; those of a provider that is trusted for it have it verified again at the next sign-in.
UPDATE accounts SET verified_email = NULL
WHERE verified_email IS NOT NULL
AND EXISTS (
    SELECT 1 FROM audit_events
    WHERE audit_events.account = accounts.id
    AND audit_events.action = 'invitation.accepted'
    AND audit_events.outcome = 'ok'
    AND audit_events.happened_at BETWEEN accounts.created_at - 60 AND accounts.created_at + 60
);

-- People sign in by their address as well, verified or not.
CREATE INDEX accounts_email ON accounts (lower(email));
