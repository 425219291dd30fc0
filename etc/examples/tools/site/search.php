<?php
header('Content-Type: text/html');
echo '<p>Nothing found for ', htmlspecialchars($_GET['q'] ?? ''), ".</p>\n";
