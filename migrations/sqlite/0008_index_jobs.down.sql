-- What waits to be indexed is found again by the next run over its folder: nothing that anybody could miss.
-- findme: destroys table index_jobs

DROP TABLE index_jobs;
