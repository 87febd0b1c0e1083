DROP TABLE send_outs;
