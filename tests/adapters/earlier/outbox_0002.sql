INSERT INTO stopped (follower, position, because) VALUES ('webhook', 51, 'ValueError in apply, line 1');
