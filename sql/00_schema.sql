-- Schema segments holds one view a segment, for people and BI tools; schema segmentation everything else.
CREATE SCHEMA segments;
GRANT USAGE ON SCHEMA segments TO PUBLIC;
