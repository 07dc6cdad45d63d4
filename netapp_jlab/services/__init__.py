"""What can be done with volumes, said in a user's words; every face calls only this."""
