"""Messages of hospital systems: HL7 taken in, and the site's rules that say what reports mean."""
