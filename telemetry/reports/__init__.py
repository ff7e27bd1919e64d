"""ClassAnalysis → page. matplotlib lives only here."""
