-- Schema segments holds one view a segment, for people and BI tools; schema segmentation everything else. Both are made here, not by the
-- control file, and so belong to the extension: a dump does not make them a second time, and who drops one is told of the extension.
CREATE SCHEMA segmentation;
CREATE SCHEMA segments;
GRANT USAGE ON SCHEMA segments TO PUBLIC;
