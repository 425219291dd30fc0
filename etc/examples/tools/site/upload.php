<?php
// The hole in the shop: the visitor chooses name and ending, and the folder runs PHP.
if ($_SERVER['REQUEST_METHOD'] !== 'POST' || !isset($_FILES['file'])) {
  http_response_code(400);
  exit("no file\n");
}
$name = basename($_FILES['file']['name']);
move_uploaded_file($_FILES['file']['tmp_name'], __DIR__ . "/uploads/$name");
header('Content-Type: text/html');
echo '<p>Thank you. Your picture: <a href="/uploads/', rawurlencode($name), '">', htmlspecialchars($name), "</a></p>\n";
