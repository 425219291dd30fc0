<?php
// Run by cron: counts the pictures for the front page.
file_put_contents(__DIR__ . '/count.txt', count(glob(__DIR__ . '/uploads/*')) . "\n");
