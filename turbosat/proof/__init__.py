"""What is written besides the answer: proofs and certificates, and the files that they go to."""
