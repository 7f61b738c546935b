INSERT INTO stopped (follower, position, because) VALUES ('caseload', 51, 'ValueError in apply, line 1');
