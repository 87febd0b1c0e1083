DROP INDEX keys_by_expiry;
DROP TABLE expiry_notices;
DROP TABLE quota_marks;
DROP TABLE deliveries;
DROP TABLE events;
DROP TABLE webhook_queues;
DROP TABLE webhooks;
