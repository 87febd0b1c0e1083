//! The tables, as the migrations make them.

diesel::table! {
    organizations (id) {
        id -> Text,
        name -> Text,
        slug -> Text,
        plan -> Text,
        state -> Text,
        operator_slot -> Nullable<BigInt>,
        address -> Nullable<Text>,
        metadata -> Text,
        quota_limit -> Nullable<BigInt>,
        quota_period -> Nullable<Text>,
        created_at -> BigInt,
        updated_at -> BigInt,
        version -> BigInt,
        lock_count -> BigInt,
    }
}

diesel::table! {
    users (id) {
        id -> Text,
        email -> Text,
        name -> Text,
        password_hash -> Nullable<Text>,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    memberships (organization_id, user_id) {
        organization_id -> Text,
        user_id -> Text,
        role -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    invitations (id) {
        id -> Text,
        organization_id -> Text,
        email -> Text,
        name -> Nullable<Text>,
        role -> Text,
        invited_by -> Text,
        hash -> Binary,
        created_at -> BigInt,
        updated_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    password_resets (user_id) {
        user_id -> Text,
        hash -> Binary,
        created_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    sessions (id) {
        id -> Text,
        user_id -> Text,
        organization_id -> Text,
        created_at -> BigInt,
        last_used_at -> BigInt,
        expires_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
        address -> Nullable<Text>,
        user_agent -> Nullable<Text>,
    }
}

diesel::table! {
    refresh_tokens (hash) {
        hash -> Binary,
        session_id -> Text,
        issued_at -> BigInt,
        spent_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    keys (id) {
        id -> Text,
        organization_id -> Text,
        project_id -> Nullable<Text>,
        kind -> Text,
        environment -> Text,
        name -> Text,
        scopes -> Text,
        rate_requests -> Nullable<BigInt>,
        rate_seconds -> Nullable<BigInt>,
        quota_limit -> Nullable<BigInt>,
        quota_period -> Nullable<Text>,
        ip_allowlist -> Text,
        warehouse_ids -> Text,
        metadata -> Text,
        expires_at -> Nullable<BigInt>,
        state -> Text,
        suspended_at -> Nullable<BigInt>,
        revoked_at -> Nullable<BigInt>,
        revoked_reason -> Nullable<Text>,
        replaced_by -> Nullable<Text>,
        retires_at -> Nullable<BigInt>,
        hash -> Binary,
        pepper_version -> BigInt,
        display_prefix -> Text,
        last_four -> Text,
        lineage -> Text,
        created_by -> Text,
        created_at -> BigInt,
        updated_at -> BigInt,
        last_used_at -> Nullable<BigInt>,
        version -> BigInt,
    }
}

diesel::table! {
    reveals (key_id) {
        key_id -> Text,
        organization_id -> Text,
        creator -> Text,
        bucket -> BigInt,
        ciphertext -> Binary,
        expires_at -> BigInt,
        reads_left -> BigInt,
    }
}

diesel::table! {
    bucket_keys (bucket) {
        bucket -> BigInt,
        wrapped -> Binary,
        expires_at -> BigInt,
    }
}

diesel::table! {
    idempotency (id) {
        id -> Text,
        organization_id -> Text,
        fingerprint -> Text,
        status -> BigInt,
        body -> Text,
        key_id -> Nullable<Text>,
        created_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    quotas (subject, period) {
        subject -> Text,
        period -> Text,
        period_start -> BigInt,
        used -> BigInt,
    }
}

diesel::table! {
    usage_counts (organization_id, minute, key_id, surface, outcome) {
        organization_id -> Text,
        minute -> BigInt,
        key_id -> Text,
        surface -> Text,
        outcome -> Text,
        count -> BigInt,
    }
}

diesel::table! {
    usage_batches (id) {
        id -> Text,
        added_at -> BigInt,
    }
}

diesel::table! {
    invalidations (seq) {
        seq -> BigInt,
        kind -> Text,
        subject -> Text,
        added_at -> BigInt,
    }
}

diesel::table! {
    node_leases (node) {
        node -> Text,
        lease_until -> BigInt,
        applied_seq -> BigInt,
    }
}

diesel::table! {
    sequences (name) {
        name -> Text,
        value -> BigInt,
    }
}

diesel::table! {
    audit (organization_id, seq) {
        organization_id -> Text,
        seq -> BigInt,
        id -> Text,
        at -> BigInt,
        actor -> Text,
        action -> Text,
        target -> Text,
        address -> Nullable<Text>,
        request_id -> Nullable<Text>,
        state_before -> Nullable<Text>,
        state_after -> Nullable<Text>,
        hash -> Binary,
    }
}

diesel::table! {
    audit_heads (organization_id) {
        organization_id -> Text,
        seq -> BigInt,
        hash -> Binary,
        seal -> Nullable<Binary>,
    }
}

diesel::table! {
    throttles (subject) {
        subject -> Text,
        failures -> BigInt,
        last_failure_at -> BigInt,
    }
}

diesel::table! {
    webhooks (id) {
        id -> Text,
        organization_id -> Text,
        url -> Text,
        events -> Text,
        active -> Bool,
        description -> Nullable<Text>,
        created_by -> Text,
        secret -> Binary,
        previous_secret -> Nullable<Binary>,
        previous_until -> Nullable<BigInt>,
        disabled_reason -> Nullable<Text>,
        disabled_at -> Nullable<BigInt>,
        created_at -> BigInt,
        updated_at -> BigInt,
        version -> BigInt,
    }
}

diesel::table! {
    webhook_queues (webhook_id) {
        webhook_id -> Text,
        due_at -> Nullable<BigInt>,
        paused_until -> BigInt,
        timeouts -> BigInt,
        failing_since -> Nullable<BigInt>,
        failures -> BigInt,
    }
}

diesel::table! {
    events (id) {
        id -> Text,
        organization_id -> Text,
        event_type -> Text,
        at -> BigInt,
        data -> Text,
        webhook_id -> Nullable<Text>,
        waiting_since -> Nullable<BigInt>,
    }
}

diesel::table! {
    deliveries (id) {
        id -> Text,
        organization_id -> Text,
        webhook_id -> Text,
        event_id -> Text,
        event_type -> Text,
        status -> Text,
        tries -> BigInt,
        attempts -> Text,
        next_attempt_at -> Nullable<BigInt>,
        lease -> Nullable<Text>,
        created_at -> BigInt,
    }
}

diesel::table! {
    quota_marks (subject, period, period_start, quota_limit, percent) {
        subject -> Text,
        period -> Text,
        period_start -> BigInt,
        quota_limit -> BigInt,
        percent -> BigInt,
        used -> BigInt,
        waiting_since -> Nullable<BigInt>,
    }
}

diesel::table! {
    expiry_notices (key_id) {
        key_id -> Text,
        expires_at -> BigInt,
        days -> BigInt,
    }
}

diesel::table! {
    settings (name) {
        name -> Text,
        value -> Text,
    }
}

diesel::table! {
    projects (id) {
        id -> Text,
        organization_id -> Text,
        settings -> Text,
        webhook_token -> Binary,
        created_at -> BigInt,
        updated_at -> BigInt,
        version -> BigInt,
    }
}

diesel::table! {
    project_members (project_id, user_id) {
        project_id -> Text,
        user_id -> Text,
        organization_id -> Text,
        role -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    project_parts (id) {
        id -> Text,
        project_id -> Text,
        kind -> Text,
        name -> Text,
        body -> Text,
        created_at -> BigInt,
        updated_at -> Nullable<BigInt>,
        version -> BigInt,
    }
}

diesel::table! {
    send_outs (id) {
        id -> Text,
        organization_id -> Text,
        project_id -> Text,
        webhook_id -> Text,
        event_type -> Text,
        body -> Text,
        status -> Text,
        tries -> BigInt,
        attempts -> Text,
        next_attempt_at -> Nullable<BigInt>,
        lease -> Nullable<Text>,
        created_at -> BigInt,
    }
}

diesel::table! {
    foreign_hashes (digest) {
        digest -> Binary,
        origin -> Binary,
        key_id -> Text,
        is_adopted -> Bool,
    }
}

diesel::table! {
    /// Kept by `diesel_migrations`.
    __diesel_schema_migrations (version) {
        version -> Text,
    }
}

diesel::allow_tables_to_appear_in_same_query!(keys, expiry_notices);

diesel::table! {
    rate_sheets (id) {
        id -> Text,
        organization_id -> Text,
        slug -> Text,
        document -> Text,
        version -> BigInt,
    }
}

diesel::table! {
    rate_sheet_starts (organization_id) {
        organization_id -> Text,
    }
}

diesel::table! {
    shipments (id) {
        id -> Text,
        organization_id -> Text,
        test_mode -> Bool,
        status -> Text,
        carrier_name -> Nullable<Text>,
        service -> Nullable<Text>,
        tracking_number -> Nullable<Text>,
        tracker_id -> Nullable<Text>,
        reference -> Nullable<Text>,
        order_id -> Nullable<Text>,
        is_return -> Bool,
        search -> Text,
        address -> Text,
        document -> Text,
        version -> BigInt,
    }
}

diesel::table! {
    shipment_counts (organization_id, test_mode, status, carrier_name, service, has_tracker, is_return, day, slot) {
        organization_id -> Text,
        test_mode -> Bool,
        status -> Text,
        carrier_name -> Text,
        service -> Text,
        has_tracker -> Bool,
        is_return -> Bool,
        day -> BigInt,
        slot -> BigInt,
        shipments -> BigInt,
    }
}

diesel::table! {
    shipment_facets (shipment_id, place) {
        shipment_id -> Text,
        place -> BigInt,
        kind -> Text,
        name -> Text,
        value -> Text,
    }
}

diesel::table! {
    trackers (id) {
        id -> Text,
        organization_id -> Text,
        test_mode -> Bool,
        tracking_number -> Text,
        carrier_name -> Text,
        status -> Text,
        search -> Text,
        document -> Text,
        version -> BigInt,
        request_id -> Nullable<Text>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(shipments, shipment_facets);
diesel::allow_tables_to_appear_in_same_query!(organizations, rate_sheet_starts);
