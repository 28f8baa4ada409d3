"""What owners use: progress, people, settings, gallery, audit log and export."""
